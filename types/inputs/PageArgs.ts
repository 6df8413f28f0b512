import { ArgsType, Field, Int } from 'type-graphql';

/** The four arguments of a Relay connection. Limits and defaults are the list's own (src/stores/pages.ts). */
@ArgsType()
export class PageArgs {
  @Field(() => Int, { nullable: true, description: 'At most this many records, from the start or after `after`.' })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Only records after this cursor.' })
  after?: string | null;

  @Field(() => Int, { nullable: true, description: 'At most this many records, from the end or before `before`.' })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'Only records before this cursor.' })
  before?: string | null;
}
