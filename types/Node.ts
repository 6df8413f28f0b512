import { Field, ID, InterfaceType } from 'type-graphql';

/** What an id in a stored document is; the driver's ObjectId, known here only by how it prints. */
export interface DocumentId {
  toHexString(): string;
  toString(): string;
}

@InterfaceType({
  description:
    'A record with an id that is unique over all four collections. `node(id)` fetches any of them; `... on Experiment` ' +
    'and the like select its fields.',
  resolveType: (value: { __typename?: string }) => value.__typename,
})
export abstract class Node {
  @Field(() => ID, { name: 'id', description: 'Opaque to clients (24 hexadecimal digits). Unique over all types.' })
  _id!: DocumentId;
}
