import { Field, InputType } from 'type-graphql';

@InputType({ description: 'Compares a list of texts, such as tags. Every operator given must hold.' })
export class StringListFilter {
  @Field(() => [String], {
    nullable: true,
    description: 'Holds at least one of these, at most 250; an empty list matches nothing.',
  })
  any?: string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Holds each of these, at most 250; an empty list matches everything.',
  })
  all?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Holds none of these, at most 250.' })
  none?: string[] | null;
}
