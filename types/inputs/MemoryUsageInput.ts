import { Field, Float, InputType } from 'type-graphql';

@InputType({ description: 'Memory in use at the end of an epoch.' })
export class MemoryUsageInput {
  @Field(() => Float, { nullable: true, description: 'GPU memory held by tensors, megabytes.' })
  gpuAllocatedMb?: number | null;

  @Field(() => Float, { nullable: true, description: 'GPU memory held by the allocator, megabytes.' })
  gpuCachedMb?: number | null;

  @Field(() => Float, { nullable: true, description: 'Resident memory of the trainer, megabytes.' })
  cpuRssMb?: number | null;
}
