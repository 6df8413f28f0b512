import { Field, ID, InputType } from 'type-graphql';
import { ExperimentLiveness } from '../enums/ExperimentLiveness';
import { ExperimentStatus } from '../enums/ExperimentStatus';
import { ConfigFilter } from './ConfigFilter';
import { DateTimeFilter } from './DateTimeFilter';
import { IntFilter } from './IntFilter';
import { MetricFilter } from './MetricFilter';
import { StringFilter } from './StringFilter';
import { StringListFilter } from './StringListFilter';

@InputType({
  description:
    'Which runs. Everything given must hold; `and`, `or` and `not` nest at most 5 deep, and lists hold at most 250 items.',
})
export class ExperimentFilter {
  @Field(() => [ExperimentFilter], {
    nullable: true,
    description: 'All of these hold; an empty list matches everything.',
  })
  and?: ExperimentFilter[] | null;

  @Field(() => [ExperimentFilter], {
    nullable: true,
    description: 'At least one of these holds; an empty list matches nothing.',
  })
  or?: ExperimentFilter[] | null;

  @Field(() => ExperimentFilter, { nullable: true, description: 'This does not hold.' })
  not?: ExperimentFilter | null;

  @Field(() => [ID], { nullable: true, description: 'Only these runs.' })
  ids?: string[] | null;

  @Field(() => IntFilter, { nullable: true, description: 'Number of the challenge.' })
  challenge?: IntFilter | null;

  @Field(() => [ExperimentStatus], { nullable: true, description: 'In one of these statuses.' })
  status?: ExperimentStatus[] | null;

  @Field(() => [ExperimentLiveness], { nullable: true, description: 'In one of these states of life, as of now.' })
  liveness?: ExperimentLiveness[] | null;

  @Field(() => StringFilter, { nullable: true, description: 'Name of the run.' })
  name?: StringFilter | null;

  @Field(() => StringFilter, { nullable: true, description: 'Name of the model.' })
  modelName?: StringFilter | null;

  @Field(() => StringListFilter, { nullable: true, description: 'Labels.' })
  tags?: StringListFilter | null;

  @Field(() => StringListFilter, { nullable: true, description: 'Releases of the dataset.' })
  releases?: StringListFilter | null;

  @Field(() => StringFilter, { nullable: true, description: 'Who started it.' })
  createdBy?: StringFilter | null;

  @Field(() => StringFilter, { nullable: true, description: 'Machine that it trains on.' })
  hostname?: StringFilter | null;

  @Field(() => DateTimeFilter, { nullable: true, description: 'When it began.' })
  startTime?: DateTimeFilter | null;

  @Field(() => DateTimeFilter, { nullable: true, description: 'When it ended.' })
  endTime?: DateTimeFilter | null;

  @Field(() => [ConfigFilter], { nullable: true, description: 'Values inside `config`; all must hold.' })
  config?: ConfigFilter[] | null;

  @Field(() => [MetricFilter], { nullable: true, description: "The run's own metrics; all must hold." })
  metrics?: MetricFilter[] | null;

  @Field(() => ID, { nullable: true, description: 'The run that it continues.' })
  parentId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Case-insensitive substring of the name, the note or a tag; literal text, never a pattern.',
  })
  search?: string | null;
}
