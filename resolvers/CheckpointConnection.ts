import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { CheckpointConnection } from '../types/connections/CheckpointConnection';

@Resolver(() => CheckpointConnection)
export class CheckpointConnectionResolver {
  @FieldResolver(() => Int, { description: 'Size of the whole list. Counted only where this field is selected.' })
  totalCount(@Root() connection: CheckpointConnection): Promise<number> {
    return connection.count();
  }
}
