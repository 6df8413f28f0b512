import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { EpochConnection } from '../types/connections/EpochConnection';

@Resolver(() => EpochConnection)
export class EpochConnectionResolver {
  @FieldResolver(() => Int, { description: 'Size of the whole list. Counted only where this field is selected.' })
  totalCount(@Root() connection: EpochConnection): Promise<number> {
    return connection.count();
  }
}
