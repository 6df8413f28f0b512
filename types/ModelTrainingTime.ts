import { Field, Float, Int, ObjectType } from 'type-graphql';

@ObjectType({ description: 'How long the runs of a model trained.' })
export class ModelTrainingTime {
  @Field(() => String, { nullable: true, description: "Name of the model; null for runs that don't say." })
  modelName!: string | null;

  @Field(() => Float, { description: 'Mean over the runs that have a training time, in hours.' })
  averageHours!: number;

  @Field(() => Float, { description: 'Sum over the same runs, in hours.' })
  totalHours!: number;

  @Field(() => Int, { description: 'How many runs that is.' })
  experimentCount!: number;
}
