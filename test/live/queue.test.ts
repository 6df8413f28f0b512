import { ChangeKind } from '../../types/enums/ChangeKind';
import { Broker } from '../../src/live/broker';
import type { LiveEvent } from '../../src/live/events';
import { MAX_WAITING } from '../../src/live/queue';

const event = (index: number): LiveEvent => ({
  cursor: `c${index}`,
  collection: 'epochs',
  kind: ChangeKind.CREATED,
  id: index,
  document: {},
  clusterTime: undefined,
});

describe('the broker', () => {
  it('gives each subscriber what it accepts, in order', async () => {
    const broker = new Broker();
    const even = broker.open(({ id }) => (id as number) % 2 === 0);
    for (let index = 0; index < 6; index++) broker.publish(event(index));
    even.end();
    const ids = [];
    for (let next = await even.next(); next; next = await even.next()) ids.push(next.id);
    expect(ids).toEqual([0, 2, 4]);
    expect(broker.subscribers).toBe(0);
  });

  it('ends a subscriber that never reads with RESYNC_REQUIRED, and keeps nothing for it', async () => {
    const broker = new Broker();
    const slow = broker.open(() => true);
    const quick = broker.open(() => true);
    let read = 0;
    for (let index = 0; index <= MAX_WAITING; index++) {
      broker.publish(event(index));
      if (await quick.next()) read++;
    }
    await expect(slow.next()).rejects.toMatchObject({ code: 'RESYNC_REQUIRED' });
    expect(read).toBe(MAX_WAITING + 1);
    expect(broker.subscribers).toBe(1);
  });

  it('continues behind an event that it remembers, and no other', async () => {
    const broker = new Broker();
    for (let index = 0; index < 5000; index++) broker.publish(event(index));
    expect(broker.openAfter('c1', () => true)).toBeUndefined();
    const queue = broker.openAfter('c4997', () => true)!;
    broker.publish(event(5000));
    queue.end();
    const ids = [];
    for (let next = await queue.next(); next; next = await queue.next()) ids.push(next.id);
    expect(ids).toEqual([4998, 4999, 5000]);
  });

  it('tells everyone when the history has a gap, and forgets what was before', async () => {
    const broker = new Broker();
    broker.publish(event(1));
    const queue = broker.open(() => true);
    const reading = queue.next();
    broker.reset();
    await expect(reading).rejects.toMatchObject({ code: 'RESYNC_REQUIRED' });
    expect(broker.openAfter('c1', () => true)).toBeUndefined();
    expect(broker.subscribers).toBe(0);
  });
});
