/** The panel's offers after a failure, by its code. */

import { readFileSync } from 'node:fs';
import { act, screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { invalidInput, TrackingJobError } from '../../src/errors';
import { englishLabels } from '../../src/panel/labels';
import { nextStep } from '../../src/panel/nextSteps';
import {
  announced,
  button,
  failed,
  mount,
  panel,
  rows,
  running,
  setupPanelTest,
  show,
  source,
  summary,
  user,
} from './panelHarness';
import { makeJob } from './panelJobs';

setupPanelTest();

const python = (file: string) => readFileSync(`../layers/common/tracking/${file}`, 'utf8');

/** Return each code that a failed job may have: errors without a subclass, and the codes of executions that ended. */
function codesOfPython(): string[] {
  const classes = [...python('errors.py').matchAll(/^class (\w+)\((\w+)\)/gm)].map(([, name, base]) => ({
    name,
    base,
  }));
  const quiet = ['JobCancelledError', 'StaleAttemptError', 'JobPausedError']; // these end no job as failed
  const leaves = classes
    .filter(({ name }) => !classes.some(({ base }) => base === name) && !quiet.includes(name ?? ''))
    .map(({ name }) => name ?? '');
  const wanted = ['TIMED_OUT', 'INTERNAL_ERROR', 'ABORTED'];
  const outcomes = [...python('outcomes.py').matchAll(/^([A-Z_]+) = "(\w+)"$/gm)]
    .filter(([, name]) => wanted.includes(name ?? ''))
    .map(([, , code]) => code ?? '');
  expect(outcomes).toHaveLength(wanted.length);
  return [...leaves, ...outcomes].sort();
}

test('each code of a failure has a word and a next step', () => {
  expect(Object.keys(englishLabels.reasons).sort()).toEqual(codesOfPython());
  const steps = codesOfPython().map((errorCode) => [errorCode, nextStep(makeJob({ status: 'failed', errorCode }))]);
  expect(steps.filter(([, step]) => step !== 'retry')).toEqual([
    ['AccountNotFoundError', 'edit'],
    ['AccountPrivateError', 'remove'],
    ['AccountSuspendedError', 'remove'],
    ['IdentityChangedError', 'remove'],
    ['InvalidJobError', 'edit'],
  ]);
});

test('a code of a newer version says Failed, and can be retried', () => {
  mount();
  show(failed({ errorCode: 'NewerError' }));
  expect(summary().textContent).toBe('@nasa, Instagram, Failed, ');
  expect(button('Retry tracking @nasa on Instagram')).toBeTruthy();
});

test('a private account is removed, but can be retried, too', async () => {
  mount();
  show(failed({ errorCode: 'AccountPrivateError' }));
  expect(screen.queryByRole('button', { name: /^(Retry|Dismiss)/ })).toBeNull();
  await user.click(summary());
  expect(button('Retry tracking @nasa on Instagram')).toBeTruthy();
  await user.click(button('Remove tracking @nasa on Instagram'));
  expect(panel()).toBeNull();
  show(failed({ errorCode: 'AccountPrivateError' }));
  expect(panel()).toBeNull();
});

describe('a name that was not found', () => {
  const notFound = () => failed({ errorCode: 'AccountNotFoundError', username: 'nasaa', accountType: 'my' });
  const field = () => screen.getByRole<HTMLInputElement>('textbox', { name: 'New name for @nasaa on Instagram' });
  const edit = () => user.click(button('Edit name tracking @nasaa on Instagram'));

  test('is corrected in place: a new job, and the failed one leaves', async () => {
    mount();
    show(notFound());
    await edit();
    expect(document.activeElement).toBe(field());
    expect(field().value).toBe('nasaa');
    await user.type(field(), '{Backspace}{Enter}');
    expect(source.createJob.mock.calls).toEqual([['org', 'project', 'user', 'nasa', 'instagram', 'my']]);
    expect(button('Tracking…').getAttribute('aria-disabled')).toBe('true');
    await user.type(field(), '{Enter}');
    expect(source.createJob).toHaveBeenCalledTimes(1);
    await act(async () => source.calls[0]?.resolve());
    expect(panel()).toBeNull();
  });

  test('is corrected by whoever is signed in', async () => {
    mount({ service: Object.assign(source, { currentUserId: 'grace' }) });
    show(notFound());
    await edit();
    await user.type(field(), '{Enter}');
    expect(source.createJob.mock.calls[0]?.[2]).toBe('grace');
  });

  test('says beside the field why the new one is refused', async () => {
    mount();
    show(notFound());
    await edit();
    await user.type(field(), ' {Enter}');
    await act(async () => source.calls[0]?.reject(invalidInput('username', 'Enter a username.')));
    expect(screen.getByRole('alert').textContent).toBe('Could not track this name. Enter a username.');
    expect(field().getAttribute('aria-invalid')).toBe('true');
    expect(rows()).toHaveLength(1);
  });

  test('keeps the panel open when Escape closes the field', async () => {
    mount();
    show(notFound());
    await edit();
    await user.keyboard('{Escape}');
    expect(screen.queryByRole('textbox')).toBeNull();
    expect(rows()).toHaveLength(1);
    expect(document.activeElement).toBe(rows()[0]);
  });

  test('can only be retried with a source that makes no jobs', () => {
    const { watchProjectJobs, retryJob, cancelJob } = source;
    mount({ service: { watchProjectJobs: watchProjectJobs.bind(source), retryJob, cancelJob } });
    show(notFound());
    expect(screen.queryByRole('button', { name: /^Edit/ })).toBeNull();
    expect(button('Retry tracking @nasaa on Instagram')).toBeTruthy();
  });
});

describe('several failures', () => {
  const three = () => [
    failed({ id: 'a' }),
    failed({ id: 'b', errorCode: 'TimedOut' }),
    failed({ id: 'c', errorCode: 'AccountPrivateError' }),
    running({ id: 'd' }),
  ];
  const group = () => panel()?.querySelector('.tracking-panel__bulk') as HTMLElement;

  test('one alone has no heading', () => {
    mount();
    show(failed(), running({ id: 'd' }));
    expect(group()).toBeNull();
  });

  test('Retry all retries those that a retry may help', async () => {
    mount();
    show(...three());
    expect(group().textContent).toMatch(/^3 failed/);
    await user.click(within(group()).getByRole('button', { name: 'Retry all' }));
    expect(source.retryJob.mock.calls).toEqual([['a'], ['b']]);
    await user.click(within(group()).getByRole('button', { name: 'Retrying…' }));
    expect(source.retryJob).toHaveBeenCalledTimes(2);
    await act(async () => source.calls[0]?.resolve());
    await act(async () => source.calls[1]?.reject(new TrackingJobError('offline')));
    expect(announced()).toBe('1 job could not be retried.');
  });

  test('the panel has one Clear when all its jobs have failed', async () => {
    mount();
    show(failed({ id: 'a' }), failed({ id: 'b' }));
    expect(screen.getAllByRole('button', { name: /^Clear/ })).toEqual([button('Clear')]);
    expect(button('Retry all')).toBeTruthy();
    show(failed({ id: 'a' }), failed({ id: 'b', errorCode: 'AccountNotFoundError' }));
    expect(screen.getAllByText('2 failed')).toHaveLength(1);
    await user.click(button('Clear'));
    expect(rows()).toEqual([]);
  });

  test('Clear takes all of them, and nothing that runs', async () => {
    mount();
    show(...three());
    await user.click(button('Clear failed jobs'));
    expect(rows().map((row) => row.dataset.job)).toEqual(['d']);
  });
});
