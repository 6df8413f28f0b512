import { Field, ID, InputType } from 'type-graphql';
import { JSONObject } from '../scalars/JSONObject';

@InputType({
  description:
    'Changes to a run. A field left out stays as it is; an explicit null clears a field that may be null. ' +
    'An object given (model, config, dataset) replaces the stored one whole.',
})
export class UpdateExperimentInput {
  @Field(() => ID, { description: 'The run to change.' })
  id!: string;

  @Field(() => String, { nullable: true, description: 'New name, 1 to 1024 characters.' })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'New note; null clears it.' })
  note?: string | null;

  @Field(() => [String], { nullable: true, description: 'All labels, in place of the stored ones.' })
  tags?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Labels to add; not together with `tags`.' })
  addTags?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Labels to remove; not together with `tags`.' })
  removeTags?: string[] | null;

  @Field(() => JSONObject, { nullable: true, description: 'New model; null clears it.' })
  model?: Record<string, unknown> | null;

  @Field(() => JSONObject, { nullable: true, description: 'New hyperparameters.' })
  config?: Record<string, unknown> | null;

  @Field(() => JSONObject, { nullable: true, description: 'New dataset; null clears it.' })
  dataset?: Record<string, unknown> | null;

  @Field(() => String, { nullable: true, description: 'New folder of the checkpoints; null clears it.' })
  checkpointDir?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The run that this one continues; null clears it. Must exist and not descend from this one.',
  })
  parentExperimentId?: string | null;
}
