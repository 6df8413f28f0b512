import { Field, Int, ObjectType } from 'type-graphql';
import { JSONObject } from './scalars/JSONObject';

@ObjectType({ description: 'How the database would run a list.' })
export class QueryPlan {
  @Field(() => String, { description: 'Outermost stage that reads, such as "IXSCAN", "COLLSCAN" or "SORT_MERGE".' })
  stage!: string;

  @Field(() => String, { nullable: true, description: 'Index used; null where the collection is scanned.' })
  indexName!: string | null;

  @Field(() => Int, { description: 'Index keys read.' })
  keysExamined!: number;

  @Field(() => Int, { description: 'Documents read.' })
  documentsExamined!: number;

  @Field(() => Int, { description: 'Documents returned.' })
  returned!: number;

  @Field(() => JSONObject, { description: "The database's own explanation." })
  raw!: Record<string, unknown>;
}
