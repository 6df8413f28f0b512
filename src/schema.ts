import 'reflect-metadata';
import type { GraphQLSchema } from 'graphql';
import { buildSchemaSync, type PubSub } from 'type-graphql';
import { markProperties } from './schema-properties';
import { ChallengeBestResolver } from '../resolvers/ChallengeBest';
import { ExperimentComparisonResolver } from '../resolvers/ExperimentComparison';
import { ModelTrainingTimeResolver } from '../resolvers/ModelTrainingTime';
import { ExperimentFacetsResolver } from '../resolvers/ExperimentFacets';
import { SubjectFacetsResolver } from '../resolvers/SubjectFacets';
import { QueryPlanResolver } from '../resolvers/QueryPlan';
import { CheckpointResolver } from '../resolvers/Checkpoint';
import { CheckpointConnectionResolver } from '../resolvers/CheckpointConnection';
import { EpochResolver } from '../resolvers/Epoch';
import { EpochConnectionResolver } from '../resolvers/EpochConnection';
import { EpochMetricsResolver } from '../resolvers/EpochMetrics';
import { ExperimentResolver } from '../resolvers/Experiment';
import { ExperimentConnectionResolver } from '../resolvers/ExperimentConnection';
import { ExperimentMetricsResolver } from '../resolvers/ExperimentMetrics';
import { NodeResolver } from '../resolvers/Node';
import { ServerInfoResolver } from '../resolvers/ServerInfo';
import { SubjectResolver } from '../resolvers/Subject';
import { SubjectConnectionResolver } from '../resolvers/SubjectConnection';
import { ViewerResolver } from '../resolvers/Viewer';
import { ApiTokenResolver } from '../resolvers/ApiToken';
import { enforceRoles } from './auth/roles';

/** type-graphql wants a PubSub even where every subscription brings its own source, as all of ours do. */
const NO_PUBSUB: PubSub = {
  publish() {
    throw new Error('Events come from the change stream alone; mutations publish nothing.');
  },
  subscribe() {
    throw new Error('Subscriptions take their events from src/live.');
  },
};

/** The executable schema of the API, which refuses callers whose role does not suffice. Input is checked by the scalars and the stores, not by class-validator. */
export function createSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      NodeResolver,
      ExperimentResolver,
      ExperimentConnectionResolver,
      ExperimentMetricsResolver,
      EpochResolver,
      EpochConnectionResolver,
      EpochMetricsResolver,
      CheckpointResolver,
      CheckpointConnectionResolver,
      SubjectResolver,
      SubjectConnectionResolver,
      ChallengeBestResolver,
      ExperimentComparisonResolver,
      ModelTrainingTimeResolver,
      ExperimentFacetsResolver,
      SubjectFacetsResolver,
      QueryPlanResolver,
      ServerInfoResolver,
      ViewerResolver,
      ApiTokenResolver,
    ],
    validate: false,
    pubSub: NO_PUBSUB,
  });
  markProperties(schema);
  return enforceRoles(schema);
}
