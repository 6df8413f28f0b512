import { signal } from '@preact/signals';

const narrow = matchMedia('(max-width: 720px)');
const dark = matchMedia('(prefers-color-scheme: dark)');

/** Whether the window is as narrow as a phone. */
export const isNarrow = signal(narrow.matches);
narrow.addEventListener('change', ({ matches }) => (isNarrow.value = matches));

/** Whether the system asks for dark pages; what draws on a canvas draws again when it changes. */
export const isDark = signal(dark.matches);
dark.addEventListener('change', ({ matches }) => (isDark.value = matches));
