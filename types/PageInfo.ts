import { Field, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Where a page stands in its list; see the Relay cursor connections specification.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more records follow this page.' })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: 'Whether records come before this page.' })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: 'Cursor of the first record; give it as `before` to page back.' })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: 'Cursor of the last record; give it as `after` to page on.' })
  endCursor!: string | null;
}
