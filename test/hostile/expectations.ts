import type { HostileInput } from './inputs';

/**
 * Values that some field of their type may take are refused all the same where a field has a rule of its own. Everything
 * else that has a reason to be taken must be taken; everything that has none must be refused.
 */
const RULES: readonly { what: string; labels: readonly string[]; places: RegExp }[] = [
  {
    what: 'counts, sizes, durations and ages start at 0 or 1',
    labels: ['-1', '-2^31'],
    places:
      /(^|\.)(first|last|maxPoints|silentForSeconds|epoch|step|nSamples|sizeMb|inferenceTimeMs|durationSeconds|samplesPerSecond|gpuAllocatedMb|gpuCachedMb|cpuRssMb|age)$/,
  },
  { what: 'the last epoch that stays is -1 or more', labels: ['-2^31'], places: /^toEpoch$/ },
  {
    what: 'a cursor is one that the server made',
    labels: [
      'the empty text',
      'a NUL',
      'an operator for a text',
      '__proto__ for a text',
      'characters past the first plane, from right to left',
    ],
    places: /^(after|before)$/,
  },
  {
    what: 'names of metrics and keys are not empty and hold no NUL',
    labels: ['the empty text', 'a NUL'],
    places: /(^|\.)(metric|phenotypic|configPath|path|metrics\[0\]|(metrics|phenotypic)\[0\]\.name)$/,
  },
  {
    what: 'a path holds no key that JavaScript or BSON gives a meaning',
    labels: ['__proto__ for a text'],
    places: /(orderBy\[0\]\.configPath|config\[0\]\.path)$/,
  },
  {
    what: 'a pattern holds no NUL',
    labels: ['a NUL'],
    places: /\.(search|contains|startsWith)$/,
  },
  {
    what: 'what a record or label is called by is not empty',
    labels: ['the empty text'],
    places: /^(input\.(name|tags\[0\]|addTags\[0\]|removeTags\[0\])|subjects\[0\]\.(subjectId|releases\[0\]))$/,
  },
  {
    what: 'what a record is about exists',
    labels: ['the id of nothing'],
    places: /^(ids\[0\]|experimentId|input\.experimentId|input\.parentExperimentId)$/,
  },
];

/** Fields whose rules are narrower than those above, by call and place. */
const NARROWER: readonly { what: string; labels: readonly string[]; call: string; place: string }[] = [
  { what: 'a file has a path', labels: ['the empty text'], call: 'saveCheckpoint', place: 'input.file.path' },
  { what: 'what is updated exists', labels: ['the id of nothing'], call: 'updateExperiment', place: 'input.id' },
  { what: 'a token has a name', labels: ['the empty text'], call: 'createApiToken', place: 'name' },
  {
    what: 'a token ends in the future',
    labels: ['100,000 digits of a second', 'the year 0'],
    call: 'createApiToken',
    place: 'expiresAt',
  },
  { what: 'a subject has a name', labels: ['the empty text'], call: 'deleteSubject', place: 'subjectId' },
];

/** Calls that take what the rules above refuse elsewhere. */
const WIDER: readonly { what: string; label: string; call: string; place: string }[] = [
  { what: 'null stands for what is not there', label: 'the id of nothing', call: 'nodes', place: 'ids[0]' },
  {
    what: 'all that a file path is refused for is being empty',
    label: 'a NUL',
    call: 'saveCheckpoint',
    place: 'input.file.path',
  },
];

/** Whether the server should take a hostile input. */
export function shouldBeTaken({ accepted, label, path, field }: HostileInput): boolean {
  if (accepted === undefined) return false;
  if (WIDER.some((one) => one.label === label && one.call === field && one.place === path)) return true;
  if (NARROWER.some((one) => one.labels.includes(label) && one.call === field && one.place === path)) return false;
  return !RULES.some(({ labels, places }) => labels.includes(label) && places.test(path));
}
