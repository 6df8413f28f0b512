import { Field, Float, Int, ObjectType } from 'type-graphql';
import { JSONObject } from './scalars/JSONObject';

@ObjectType({ description: "Quality of a subject's recordings. An open object: keys not listed here are in `all`." })
export class EegQuality {
  @Field(() => Int, { name: 'nChannels', nullable: true, description: 'EEG channels.' })
  n_channels!: number | null;

  @Field(() => Float, { name: 'samplingRate', nullable: true, description: 'Samples a second, in Hz.' })
  sampling_rate!: number | null;

  @Field(() => Float, { name: 'durationSeconds', nullable: true, description: 'Length of the recordings in seconds.' })
  duration_seconds!: number | null;

  @Field(() => Float, {
    name: 'artifactRatio',
    nullable: true,
    description: 'Share of the recording marked as artifact, 0 to 1.',
  })
  artifact_ratio!: number | null;

  @Field(() => JSONObject, { description: 'The stored object, every key, as imported.' })
  all!: Record<string, unknown>;
}
