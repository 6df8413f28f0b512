import { Field, Float, ObjectType } from 'type-graphql';
import { EegQuality } from './EegQuality';
import { Handedness } from './enums/Handedness';
import { Sex } from './enums/Sex';
import { Node } from './Node';
import { DateTime } from './scalars/DateTime';
import { JSONObject } from './scalars/JSONObject';
import { SubjectSplits } from './SubjectSplits';

@ObjectType({ implements: Node, description: 'A participant whose EEG the runs train on.' })
export class Subject extends Node {
  readonly __typename = 'Subject';

  @Field(() => String, {
    name: 'subjectId',
    description: 'Identifier in the dataset, such as "sub-NDARAC904DMU". Unique.',
  })
  subject_id!: string;

  @Field(() => Float, { nullable: true, description: 'Age in years.' })
  age!: number | null;

  @Field(() => Sex, { nullable: true, description: 'Sex as the participants table gives it.' })
  sex!: Sex | null;

  @Field(() => Handedness, { nullable: true, description: 'Handedness by the Edinburgh inventory.' })
  handedness!: Handedness | null;

  @Field(() => [String], {
    description: 'Releases that hold the subject, such as ["R1"]; they link it to experiments.',
  })
  releases!: string[];

  @Field(() => Boolean, { name: 'hasEeg', nullable: true, description: 'Whether there is any EEG recording.' })
  has_eeg!: boolean | null;

  @Field(() => Boolean, { name: 'hasDemographics', nullable: true, description: 'Whether age and sex are known.' })
  has_demographics!: boolean | null;

  @Field(() => Boolean, {
    name: 'hasPhenotypic',
    nullable: true,
    description: 'Whether there is phenotypic data.',
  })
  has_phenotypic!: boolean | null;

  @Field(() => JSONObject, {
    description: 'Phenotypic scores by name, such as {"p_factor": -0.6, "externalizing": 0.3}. An open object.',
  })
  phenotypic!: Record<string, unknown>;

  @Field(() => EegQuality, { name: 'eegQuality', nullable: true, description: 'Quality of the recordings.' })
  eeg_quality!: EegQuality | null;

  @Field(() => SubjectSplits, { description: "The subject's part in each challenge." })
  splits!: SubjectSplits;

  @Field(() => DateTime, { name: 'dateAdded', nullable: true, description: 'When the subject was first stored.' })
  date_added!: Date | null;

  @Field(() => DateTime, {
    name: 'lastProcessed',
    nullable: true,
    description: "When the subject's recordings were last processed.",
  })
  last_processed!: Date | null;
}
