import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import type { Context } from '../src/context';
import { subjectFilter } from '../src/stores/filters';
import { SubjectFilter } from '../types/inputs/SubjectFilter';
import { SubjectFacets } from '../types/SubjectFacets';
import { Role } from '../types/enums/Role';
import { Needs } from './role';

@Resolver(() => SubjectFacets)
export class SubjectFacetsResolver {
  @Needs(Role.READER)
  @Query(() => SubjectFacets, { description: 'What the subjects under a filter are, in counts.' })
  subjectFacets(
    @Ctx() { stores }: Context,
    @Arg('filter', () => SubjectFilter, { nullable: true, description: 'Which subjects; all if left out.' })
    filter?: SubjectFilter,
  ): Promise<SubjectFacets> {
    return stores.subjects.facets(subjectFilter(filter));
  }
}
