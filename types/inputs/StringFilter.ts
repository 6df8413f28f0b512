import { Field, InputType } from 'type-graphql';

@InputType({ description: 'Compares text, literally: nothing in it is a pattern. Every operator given must hold.' })
export class StringFilter {
  @Field(() => String, { nullable: true, description: 'Equal to this, upper and lower case told apart.' })
  eq?: string | null;

  @Field(() => String, { nullable: true, description: 'Different from this, or missing.' })
  ne?: string | null;

  @Field(() => [String], { nullable: true, description: 'Equal to one of these, at most 250.' })
  in?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Holds this, upper and lower case told apart.' })
  contains?: string | null;

  @Field(() => String, { nullable: true, description: 'Begins with this, upper and lower case told apart.' })
  startsWith?: string | null;
}
