/** The icon before a job's name. */

import { render } from '@testing-library/react';
import { expect, test } from 'vitest';
import { PLATFORMS, type Platform } from '../../src/job';
import { PlatformIcon } from '../../src/panel/PanelIcons';

function drawingOf(platform: string): string {
  const { container } = render(<PlatformIcon platform={platform as Platform} />);
  return container.querySelector('path')?.getAttribute('d') ?? '';
}

test('a platform without a drawing of its own has a neutral one', () => {
  const neutral = drawingOf('nobody');
  expect(neutral).toMatch(/^M8 8a/);
  const drawings = PLATFORMS.map(drawingOf).filter((drawing) => drawing !== neutral);
  expect(drawings.length).toBeGreaterThanOrEqual(4);
  expect(new Set(drawings).size).toBe(drawings.length);
});
