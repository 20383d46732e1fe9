import { render, screen } from '@testing-library/react';
import { afterEach, describe, expect, it } from 'vitest';
import { Count } from '../../demo/Count';
import { ago, compact, playingTime, spokenPlayingTime } from '../../demo/format';

afterEach(() => {
  document.body.innerHTML = '';
});

describe('figures', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1_500, '1.5K'],
    [94_700_000, '94.7M'],
  ])('%d is short', (count, shown) => {
    expect(compact(count)).toBe(shown);
  });

  it('are exact to a screen reader', () => {
    render(<Count value={1_234_567} unit={['view', 'views']} />);
    expect(screen.getByText('1,234,567 views')).toBeTruthy();
    expect(screen.getByText('1.2M').getAttribute('aria-hidden')).toBe('true');
  });

  it('say one in the singular', () => {
    render(<Count value={1} unit={['view', 'views']} />);
    expect(screen.getByText('1 view')).toBeTruthy();
  });

  it('that are not known are said to be so, and are never 0', () => {
    render(<Count value={null} unit={['follower', 'followers']} />);
    expect(screen.getByText('followers not known')).toBeTruthy();
    expect(document.body.textContent).not.toContain('0');
  });

  it('that are 0 are not hidden', () => {
    render(<Count value={0} unit={['like', 'likes']} />);
    expect(screen.getByText('0 likes')).toBeTruthy();
  });
});

describe('durations', () => {
  it.each([
    [0, '0:00', '0 seconds'],
    [6.6, '0:07', '7 seconds'],
    [61, '1:01', '1 minute 1 second'],
    [754, '12:34', '12 minutes 34 seconds'],
    [3723, '1:02:03', '1 hour 2 minutes 3 seconds'],
  ])('%d s', (seconds, shown, said) => {
    expect(playingTime(seconds)).toBe(shown);
    expect(spokenPlayingTime(seconds)).toBe(said);
  });
});

describe('moments', () => {
  const now = new Date('2026-11-23T12:00:00Z');
  it.each([
    ['2026-11-23T11:59:45Z', 'just now'],
    ['2026-11-23T12:00:20Z', 'just now'], // the server's clock is a little ahead
    ['2026-11-23T11:55:00Z', '5m ago'],
    ['2026-11-23T10:00:00Z', '2h ago'],
    ['2026-11-22T11:00:00Z', 'yesterday'],
    ['2026-11-13T12:00:00Z', '10d ago'],
    ['2026-08-01T12:00:00Z', 'Aug 1, 2026'],
  ])('%s', (moment, said) => {
    expect(ago(new Date(moment), now)).toBe(said);
  });

  it('are long in a sentence', () => {
    expect(ago(new Date('2026-11-23T10:00:00Z'), now, 'long')).toBe('2 hours ago');
  });
});
