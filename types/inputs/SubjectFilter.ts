import { Field, InputType } from 'type-graphql';
import { Handedness } from '../enums/Handedness';
import { Sex } from '../enums/Sex';
import { Split } from '../enums/Split';
import { FloatFilter } from './FloatFilter';
import { MetricFilter } from './MetricFilter';
import { StringListFilter } from './StringListFilter';

@InputType({
  description:
    'Which subjects. Everything given must hold; `and`, `or` and `not` nest at most 5 deep, and lists hold at most 250 items.',
})
export class SubjectFilter {
  @Field(() => [SubjectFilter], { nullable: true, description: 'All of these hold; an empty list matches everything.' })
  and?: SubjectFilter[] | null;

  @Field(() => [SubjectFilter], {
    nullable: true,
    description: 'At least one of these holds; an empty list matches nothing.',
  })
  or?: SubjectFilter[] | null;

  @Field(() => SubjectFilter, { nullable: true, description: 'This does not hold.' })
  not?: SubjectFilter | null;

  @Field(() => [String], { nullable: true, description: 'Only these subjects.' })
  subjectIds?: string[] | null;

  @Field(() => FloatFilter, { nullable: true, description: 'Age in years.' })
  age?: FloatFilter | null;

  @Field(() => [Sex], { nullable: true, description: 'Of one of these sexes.' })
  sex?: Sex[] | null;

  @Field(() => [Handedness], { nullable: true, description: 'Of one of these.' })
  handedness?: Handedness[] | null;

  @Field(() => StringListFilter, { nullable: true, description: 'Releases that hold the subject.' })
  releases?: StringListFilter | null;

  @Field(() => [Split], { nullable: true, description: 'In one of these splits of challenge 1.' })
  challenge1Split?: Split[] | null;

  @Field(() => [Split], { nullable: true, description: 'In one of these splits of challenge 2.' })
  challenge2Split?: Split[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there is any EEG recording.' })
  hasEeg?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether there is phenotypic data.' })
  hasPhenotypic?: boolean | null;

  @Field(() => [MetricFilter], { nullable: true, description: 'Phenotypic scores by name; all must hold.' })
  phenotypic?: MetricFilter[] | null;

  @Field(() => String, {
    nullable: true,
    description: 'Case-insensitive substring of the identifier; literal text, never a pattern.',
  })
  search?: string | null;
}
