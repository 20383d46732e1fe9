/** The icon before a job's name. */

import { createHash } from 'node:crypto';
import { render } from '@testing-library/react';
import type { ReactElement } from 'react';
import { expect, test } from 'vitest';
import { PLATFORMS, type Platform } from '../../src/job';
import { CloseIcon, PlatformIcon } from '../../src/panel/PanelIcons';

function pathOf(icon: ReactElement): string {
  const { container } = render(icon);
  return container.querySelector('path')?.getAttribute('d') ?? '';
}

const drawingOf = (platform: string) => pathOf(<PlatformIcon platform={platform as Platform} />);

test('a platform without a drawing of its own has a neutral one', () => {
  const neutral = drawingOf('nobody');
  expect(neutral).toMatch(/^M8 8a/);
  const drawings = PLATFORMS.map(drawingOf).filter((drawing) => drawing !== neutral);
  expect(drawings.length).toBeGreaterThanOrEqual(4);
  expect(new Set(drawings).size).toBe(drawings.length);
});

/**
 * Our drawing follows the mark of https://about.x.com/en/who-we-are/brand-toolkit: a broad bar from the upper left, in
 * outline, and a thin one that passes behind it. This digest is of the drawing that was held beside that mark. After a
 * change of the drawing, look at both again.
 */
test('X has its own mark: no bird, and no cross that closes', () => {
  const drawing = drawingOf('twitter');
  expect(createHash('sha256').update(drawing).digest('hex')).toMatch(/^79b5c1eacc1f0e38/);
  expect(drawing).not.toMatch(/[acqst]/i); // a bird has curves
  expect(drawing).not.toBe(pathOf(<CloseIcon />));
});
