import { Field, Float, ObjectType } from 'type-graphql';

@ObjectType({ description: 'Memory in use at the end of an epoch.' })
export class MemoryUsage {
  @Field(() => Float, { name: 'gpuAllocatedMb', nullable: true, description: 'GPU memory held by tensors, megabytes.' })
  gpu_allocated_mb!: number | null;

  @Field(() => Float, {
    name: 'gpuCachedMb',
    nullable: true,
    description: 'GPU memory held by the allocator, megabytes.',
  })
  gpu_cached_mb!: number | null;

  @Field(() => Float, { name: 'cpuRssMb', nullable: true, description: 'Resident memory of the trainer, megabytes.' })
  cpu_rss_mb!: number | null;
}
