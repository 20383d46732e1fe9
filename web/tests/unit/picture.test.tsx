import { cleanup, fireEvent, render } from '@testing-library/react';
import { afterEach, expect, test } from 'vitest';
import { Picture } from '../../demo/Picture';

afterEach(cleanup);

test('a copy that fails gives way to the original, then a letter', () => {
  const { container } = render(
    <Picture sources={['https://copies.test/a', 'https://platform.test/a']} className="avatar">
      N
    </Picture>,
  );
  const image = () => container.querySelector('img');
  expect(image()?.src).toBe('https://copies.test/a');
  fireEvent.error(image() as Element);
  expect(image()?.src).toBe('https://platform.test/a');
  expect(image()?.dataset.come).toBe('false');
  fireEvent.load(image() as Element);
  expect(image()?.dataset.come).toBe('true');
  fireEvent.error(image() as Element);
  expect(image()).toBeNull();
  expect(container.textContent).toBe('N');
});

test('an account without any picture has its letter', () => {
  const { container } = render(
    <Picture sources={[null, null]} className="avatar">
      N
    </Picture>,
  );
  expect(container.querySelector('img')).toBeNull();
});
