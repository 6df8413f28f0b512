import { Field, Float, InputType } from 'type-graphql';
import { JSONValue } from '../scalars/JSON';

@InputType({
  description:
    'Compares the value at a path inside `config`. Every operator given must hold. A list at the path matches as a whole.',
})
export class ConfigFilter {
  @Field(() => String, {
    description:
      'Keys joined by dots, such as "device" or "scheduler.gamma". A dot or percent sign inside a key is written %2E or %25.',
  })
  path!: string;

  @Field(() => JSONValue, {
    nullable: true,
    description: 'Equal to this. An explicit null matches a stored null, and not a missing value.',
  })
  eq?: unknown;

  @Field(() => JSONValue, { nullable: true, description: 'Different from this, or missing.' })
  ne?: unknown;

  @Field(() => [JSONValue], { nullable: true, description: 'Equal to one of these, at most 250.' })
  in?: unknown[] | null;

  @Field(() => Float, { nullable: true, description: 'A number greater than this.' })
  gt?: number | null;

  @Field(() => Float, { nullable: true, description: 'This number or a greater one.' })
  gte?: number | null;

  @Field(() => Float, { nullable: true, description: 'A number less than this.' })
  lt?: number | null;

  @Field(() => Float, { nullable: true, description: 'This number or a lesser one.' })
  lte?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether the key at the path is there, whatever its value, null included. Nothing is at a path that leads through a ' +
      'list.',
  })
  exists?: boolean | null;
}
