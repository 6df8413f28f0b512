import { Field, ObjectType } from 'type-graphql';
import { DatabaseKind } from './enums/DatabaseKind';
import { JSONObject } from './scalars/JSONObject';

@ObjectType({ description: 'What this server is.' })
export class ServerInfo {
  @Field(() => String, { description: "Epochgraph's version." })
  version!: string;

  @Field(() => DatabaseKind, { description: 'Where the records are kept.' })
  database!: DatabaseKind;

  @Field(() => String, { name: 'databaseVersion', description: 'The database\'s own version, such as "7.0.0".' })
  databaseVersion!: string;

  @Field(() => JSONObject, { description: 'The limits in force, by name, such as {"bodyBytes": 8388608}.' })
  limits!: Record<string, unknown>;
}
