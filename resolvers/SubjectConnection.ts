import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { SubjectConnection } from '../types/connections/SubjectConnection';

@Resolver(() => SubjectConnection)
export class SubjectConnectionResolver {
  @FieldResolver(() => Int, { description: 'Size of the whole list. Counted only where this field is selected.' })
  totalCount(@Root() connection: SubjectConnection): Promise<number> {
    return connection.count();
  }
}
