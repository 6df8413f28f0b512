import { Field, ObjectType } from 'type-graphql';
import { JSONObject } from './scalars/JSONObject';
import { SafeInt } from './scalars/SafeInt';

@ObjectType({ description: 'The data that a run trains on. An open object: keys not listed here are in `all`.' })
export class DatasetInfo {
  @Field(() => [String], { description: 'Releases of the dataset, such as ["R1", "R2"]; they link a run to subjects.' })
  releases!: string[];

  @Field(() => SafeInt, { name: 'trainWindows', nullable: true, description: 'EEG windows trained on.' })
  train_windows!: number | null;

  @Field(() => SafeInt, { name: 'valWindows', nullable: true, description: 'EEG windows validated on.' })
  val_windows!: number | null;

  @Field(() => [String], {
    name: 'cacheFiles',
    description: 'Paths of the preprocessed files, as logged. Opaque text: the server never opens them.',
  })
  cache_files!: string[];

  @Field(() => JSONObject, { description: 'The stored object, every key, as logged.' })
  all!: Record<string, unknown>;
}
