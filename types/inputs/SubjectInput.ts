import { Field, Float, InputType } from 'type-graphql';
import { Handedness } from '../enums/Handedness';
import { Sex } from '../enums/Sex';
import { DateTime } from '../scalars/DateTime';
import { JSONObject } from '../scalars/JSONObject';
import { SubjectSplitsInput } from './SubjectSplitsInput';

@InputType({
  description:
    'A subject to create or update. A field left out keeps its stored value, null clears it. In `phenotypic`, ' +
    '`eegQuality` and `splits` the same holds key by key.',
})
export class SubjectInput {
  @Field(() => String, { description: 'Identifier in the dataset, such as "sub-NDARAC904DMU"; 1 to 256 characters.' })
  subjectId!: string;

  @Field(() => Float, { nullable: true, description: 'Age in years, 0 or more.' })
  age?: number | null;

  @Field(() => Sex, { nullable: true, description: 'Sex as the participants table gives it.' })
  sex?: Sex | null;

  @Field(() => Handedness, { nullable: true, description: 'Handedness by the Edinburgh inventory.' })
  handedness?: Handedness | null;

  @Field(() => [String], { nullable: true, description: 'Releases that hold the subject; replaces the stored list.' })
  releases?: string[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there is any EEG recording.' })
  hasEeg?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether age and sex are known.' })
  hasDemographics?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there is phenotypic data.' })
  hasPhenotypic?: boolean | null;

  @Field(() => JSONObject, { nullable: true, description: 'Phenotypic scores by name, such as {"p_factor": -0.6}.' })
  phenotypic?: Record<string, unknown> | null;

  @Field(() => JSONObject, {
    nullable: true,
    description:
      'Quality of the recordings, such as {"n_channels": 128}. Known keys are the stored names of EegQuality.',
  })
  eegQuality?: Record<string, unknown> | null;

  @Field(() => SubjectSplitsInput, { nullable: true, description: "The subject's part in each challenge." })
  splits?: SubjectSplitsInput | null;

  @Field(() => DateTime, { nullable: true, description: 'When the subject was first stored; now for a new one.' })
  dateAdded?: Date | null;

  @Field(() => DateTime, { nullable: true, description: "When the subject's recordings were last processed." })
  lastProcessed?: Date | null;
}
