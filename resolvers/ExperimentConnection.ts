import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { ExperimentConnection } from '../types/connections/ExperimentConnection';

@Resolver(() => ExperimentConnection)
export class ExperimentConnectionResolver {
  @FieldResolver(() => Int, { description: 'Size of the whole list. Counted only where this field is selected.' })
  totalCount(@Root() connection: ExperimentConnection): Promise<number> {
    return connection.count();
  }
}
