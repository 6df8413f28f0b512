import { Field, ObjectType } from 'type-graphql';
import { MetricMap } from './scalars/MetricMap';
import { MetricValue } from './scalars/MetricValue';

@ObjectType({ description: 'The metrics of one epoch or checkpoint. The usual ones have fields; all are in `values`.' })
export class EpochMetrics {
  @Field(() => MetricValue, { name: 'trainLoss', nullable: true, description: 'Stored as `train_loss`.' })
  train_loss!: number | null;

  @Field(() => MetricValue, { name: 'valLoss', nullable: true, description: 'Stored as `val_loss`.' })
  val_loss!: number | null;

  @Field(() => MetricValue, { name: 'learningRate', nullable: true, description: 'Stored as `learning_rate`.' })
  learning_rate!: number | null;

  @Field(() => MetricValue, {
    name: 'valMae',
    nullable: true,
    description: 'Mean absolute error; stored as `val_mae`.',
  })
  val_mae!: number | null;

  @Field(() => MetricValue, {
    name: 'valRmse',
    nullable: true,
    description: 'Root mean squared error; stored as `val_rmse`.',
  })
  val_rmse!: number | null;

  @Field(() => MetricValue, {
    name: 'valR2',
    nullable: true,
    description: 'Coefficient of determination, 1 at best; stored as `val_r2`.',
  })
  val_r2!: number | null;

  @Field(() => MetricMap, { description: 'Every metric by its stored name.' })
  values!: Map<string, number>;
}
