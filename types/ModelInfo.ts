import { Field, ObjectType } from 'type-graphql';
import { JSONObject } from './scalars/JSONObject';
import { SafeInt } from './scalars/SafeInt';

@ObjectType({ description: 'The model that a run trains. An open object: keys not listed here are in `all`.' })
export class ModelInfo {
  @Field(() => String, { nullable: true, description: 'Name of the model, such as "EEGNeX".' })
  name!: string | null;

  @Field(() => String, { nullable: true, description: 'Family of the model, such as "transformer".' })
  architecture!: string | null;

  @Field(() => SafeInt, { nullable: true, description: 'Number of trainable parameters.' })
  parameters!: number | null;

  @Field(() => String, { nullable: true, description: "The model code's version." })
  version!: string | null;

  @Field(() => JSONObject, { description: 'The stored object, every key, as logged.' })
  all!: Record<string, unknown>;
}
