import type { Signal } from '@preact/signals';
import { setQuery } from '../routing';
import { Menu } from '../ui/menu';
import type { ChartSettings } from './chart-settings';
import type { Range } from './plot';

/** Which metrics, on which scale, how smooth; and back from a zoom. */
export function ChartTools({
  settings,
  range,
  names,
  chosen,
  onToggle,
}: {
  settings: ChartSettings;
  range: Signal<Range | null>;
  /** All metrics there are. */
  names: readonly string[];
  chosen: readonly string[];
  onToggle: (name: string) => void;
}) {
  const { isLog, smoothing } = settings;
  return (
    <div class="chart-tools">
      {range.value !== null && (
        <button type="button" class="button" onClick={() => (range.value = null)}>
          All epochs
        </button>
      )}
      <label class="smoothing">
        Smooth
        <input
          type="range"
          min="0"
          max="0.98"
          step="0.02"
          value={smoothing}
          aria-valuetext={smoothing === 0 ? 'off' : String(smoothing)}
          onInput={(event) =>
            setQuery({ smooth: event.currentTarget.value === '0' ? null : event.currentTarget.value })
          }
        />
      </label>
      <button
        type="button"
        class="button"
        aria-pressed={isLog}
        onClick={() => setQuery({ scale: isLog ? null : 'log' })}
      >
        Log
      </button>
      <Menu label="Metrics" end>
        {() => (
          <ul class="metric-picker">
            {names.map((name) => (
              <li key={name}>
                <label>
                  <input type="checkbox" checked={chosen.includes(name)} onChange={() => onToggle(name)} /> {name}
                </label>
              </li>
            ))}
          </ul>
        )}
      </Menu>
    </div>
  );
}
