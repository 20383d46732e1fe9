/** A waiting job says how many earlier jobs of its project wait for the same platform. */

import { act, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { NEWEST_JOBS, type TrackingJob } from '../../src/job';
import { germanLabels } from '../../src/panel/de';
import { ago, completed, mount, running, setupPanelTest, show, source, summary, user } from './panelHarness';
import { makeJob } from './panelJobs';

setupPanelTest();

const waiting = (username: string, createdSecondsAgo: number, fields: Partial<TrackingJob> = {}) =>
  makeJob({ id: username, username, createdAt: ago(createdSecondsAgo), ...fields });
const THREE = [waiting('third', 10), waiting('second', 20), waiting('first', 30)];

test('a waiting job counts the earlier ones in row and details', async () => {
  mount();
  show(...THREE);
  expect(summary('@first').textContent).toBe('@first, Instagram, Waiting, 30s');
  expect(summary('@second').textContent).toBe('@second, Instagram, Waiting: 1 earlier job, 20s');
  expect(summary('@third').textContent).toBe('@third, Instagram, Waiting: 2 earlier jobs, 10s');
  await user.click(summary('@second'));
  expect(screen.getByText('1 earlier job of this project waits for Instagram, too.')).toBeTruthy();
  await user.click(summary('@third'));
  expect(screen.getByText('2 earlier jobs of this project wait for Instagram, too.')).toBeTruthy();
});

test('running, held and other platforms’ jobs are not counted', () => {
  const others = [
    waiting('other', 40, { platform: 'tiktok' }),
    running({ id: 'running', createdAt: ago(40) }),
    completed({ id: 'completed', createdAt: ago(40) }),
    waiting('held', 40, { messageCode: 'onHold', message: 'On hold.' }),
    waiting('unknown', 40, { createdAt: null }),
  ];
  mount();
  show(waiting('mine', 10), ...others);
  for (const name of ['@mine', '@held', '@unknown']) {
    expect(summary(name).textContent).not.toContain('earlier');
  }
});

test('the count goes down as the earlier jobs start', () => {
  mount();
  show(...THREE);
  show(...THREE.slice(0, 2), running({ id: 'first', username: 'first' }));
  expect(summary('@second').textContent).not.toContain('earlier');
  expect(summary('@third').textContent).toContain('1 earlier job,');
});

test('an old list counts nothing', () => {
  mount();
  show(...THREE);
  act(() => source.emit(THREE, 'reconnecting'));
  expect(summary('@third').textContent).not.toContain('earlier');
});

test('a list that is cut may lack earlier jobs', () => {
  const past = Array.from({ length: NEWEST_JOBS - THREE.length }, (_, number) => completed({ id: `past${number}` }));
  mount();
  show(...THREE, ...past);
  expect(summary('@third').textContent).toContain('2+ earlier jobs');
  expect(summary('@first').textContent).not.toContain('earlier');
});

test('a job that waits for a free place has a count, too', async () => {
  mount();
  show(...THREE, waiting('last', 5, { messageCode: 'noPlace', message: 'Waiting for a free place.' }));
  expect(summary('@last').textContent).toContain('Waiting: 3 earlier jobs, ');
  await user.click(summary('@last'));
  expect(screen.getByText('Waiting for a free place.')).toBeTruthy();
});

test('the count is in German, too', async () => {
  mount({ labels: germanLabels });
  show(...THREE);
  expect(summary('@third').textContent).toContain('Wartet: 2 frühere, ');
  await user.click(summary('@third'));
  expect(screen.getByText('Auch 2 frühere Aufträge dieses Projekts warten auf Instagram.')).toBeTruthy();
});
