import { useEffect, useRef, useState } from 'preact/hooks';
import { setQuery } from '../routing';
import { useShortcuts } from './shortcuts';

/** A search is run this long after the last letter. */
export const TYPING_MS = 200;

/** The search of a list, kept in the address as `q`: `/` goes to it, Escape takes it away. */
export function SearchField({ text, label, placeholder }: { text: string; label: string; placeholder: string }) {
  const [value, setValue] = useState(text);
  const field = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (document.activeElement !== field.current) setValue(text);
  }, [text]);
  // What was typed on a page that is left must not land in the address of the next.
  useEffect(() => () => clearTimeout(timer.current), []);
  useShortcuts({
    '/': (event) => {
      event.preventDefault();
      field.current?.select();
    },
  });
  return (
    <input
      ref={field}
      type="search"
      class="field search"
      aria-label={label}
      placeholder={placeholder}
      value={value}
      onInput={(event) => {
        const next = event.currentTarget.value;
        setValue(next);
        clearTimeout(timer.current);
        timer.current = setTimeout(() => setQuery({ q: next.trim() }), TYPING_MS);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        clearTimeout(timer.current);
        setValue('');
        setQuery({ q: null });
        event.currentTarget.blur();
      }}
    />
  );
}
