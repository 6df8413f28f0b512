import './subjects.css';
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { SubjectChangedDocument, SubjectDocument, type SubjectQuery } from '../api/documents';
import { follow } from '../api/follow';
import { ApiFailure, request } from '../api/request';
import { sessionNumber } from '../api/session';
import { flatten, formatInstant, formatLoss, formatValue } from '../format';
import { Failure, Skeleton, useTitle } from '../ui/states';
import { Status } from '../ui/status';

type Subject = NonNullable<SubjectQuery['subject']>;

const HANDS = { R: 'right-handed', L: 'left-handed', A: 'ambidextrous' };
const SEXES = { F: 'female', M: 'male' };
const SPLITS = { TRAIN: 'train', VAL: 'validation', TEST: 'test' };

/** One subject: who it is, what was measured, and the runs that use it. */
export function SubjectPage({ id }: { id: string }) {
  useTitle(id);
  const subject = useSignal<Subject | null>(null);
  const failure = useSignal<ApiFailure | null>(null);
  const attempt = useSignal(0);
  const session = sessionNumber.value;
  useEffect(() => {
    const stop = new AbortController();
    const load = async (): Promise<void> => {
      try {
        const answer = await request(SubjectDocument, { subjectId: id }, stop.signal);
        if (!answer.subject) throw new ApiFailure('NOT_FOUND', `There is no subject with the identifier ${id}.`);
        failure.value = null;
        subject.value = answer.subject;
      } catch (error) {
        if (!stop.signal.aborted) failure.value = error as ApiFailure;
      }
    };
    void load();
    void follow(
      SubjectChangedDocument,
      () => ({ subjectId: id }),
      (data) => data.subjectChanged,
      { onEvent: () => void load() },
      stop.signal,
    );
    return () => stop.abort();
  }, [id, attempt.value, session]);

  const shown = subject.value;
  if (failure.value && (!shown || failure.value.code === 'NOT_FOUND')) {
    return <Failure failure={failure.value} retry={() => attempt.value++} />;
  }
  if (!shown) return <Skeleton />;
  const facts = [
    shown.age !== null && `${shown.age.toFixed(1)} years`,
    shown.sex && SEXES[shown.sex],
    shown.handedness && HANDS[shown.handedness],
    shown.releases.length > 0 && `in ${shown.releases.join(', ')}`,
  ].filter((fact): fact is string => typeof fact === 'string');
  const record: [string, unknown][] = [
    ['Challenge 1', shown.splits.challenge1 && SPLITS[shown.splits.challenge1]],
    ['Challenge 2', shown.splits.challenge2 && SPLITS[shown.splits.challenge2]],
    ['EEG', shown.hasEeg],
    ['Demographics', shown.hasDemographics],
    ['Phenotypic data', shown.hasPhenotypic],
    ['Added', shown.dateAdded && formatInstant(shown.dateAdded)],
    ['Last processed', shown.lastProcessed && formatInstant(shown.lastProcessed)],
  ];
  const { nodes, totalCount } = shown.experiments;
  return (
    <article>
      <header class="run-head">
        <a class="back" href="/subjects">
          Subjects
        </a>
        <div class="page-head">
          <h1 tabIndex={-1}>{shown.subjectId}</h1>
        </div>
        <p class="facts">
          {facts.map((fact) => (
            <span key={fact}>{fact}</span>
          ))}
        </p>
      </header>
      <div class="subject-columns">
        <Pairs title="Record" pairs={record} />
        <Pairs title="Phenotypic" pairs={flatten(shown.phenotypic)} />
        <Pairs title="EEG quality" pairs={flatten(shown.eegQuality?.all ?? {})} />
        <section>
          <h2>
            Runs that use it <span class="quiet">{totalCount}</span>
          </h2>
          <ol class="lineage">
            {nodes.map((run) => (
              <li key={run.id}>
                <span class="relative">
                  <a href={`/experiments/${run.id}`}>{run.name}</a>
                  <Status status={run.status} liveness={run.liveness} />
                  <span class="loss">{formatLoss(run.metrics.bestValLoss)}</span>
                </span>
              </li>
            ))}
          </ol>
          {totalCount > nodes.length && <p class="quiet">The newest {nodes.length} of them.</p>}
        </section>
      </div>
    </article>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: readonly [string, unknown][] }) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined);
  return (
    <section>
      <h2>{title}</h2>
      {known.length === 0 ? (
        <p class="quiet">Nothing stored.</p>
      ) : (
        <dl class="pairs">
          {known.map(([name, value]) => (
            <>
              <dt>{name}</dt>
              <dd>{formatValue(value)}</dd>
            </>
          ))}
        </dl>
      )}
    </section>
  );
}
