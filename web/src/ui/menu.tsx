import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** A button that opens a small panel below it; Escape, a click elsewhere and leaving it by Tab close it. */
export function Menu({
  label,
  name,
  end = false,
  className = 'button',
  children,
}: {
  label: ComponentChildren;
  /** For screen readers, where the label is not a text. */
  name?: string;
  /** Whether the panel ends where the button ends. */
  end?: boolean;
  className?: string;
  children: (close: () => void) => ComponentChildren;
}) {
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!isOpen) return;
    anchor.current!.querySelector<HTMLElement>('.menu input, .menu select, .menu button, .menu a')?.focus();
    const outside = (event: Event): void => {
      if (!anchor.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('focusin', outside);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('focusin', outside);
    };
  }, [isOpen]);

  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <div
      class="menu-anchor"
      ref={anchor}
      onKeyDown={(event) => {
        if (event.key !== 'Escape' || !isOpen) return;
        event.stopPropagation();
        close();
      }}
    >
      <button
        type="button"
        ref={button}
        class={className}
        aria-label={name}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {label}
      </button>
      {isOpen && <div class={`menu${end ? ' end' : ''}`}>{children(close)}</div>}
    </div>
  );
}
