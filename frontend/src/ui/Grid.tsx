import {
  type KeyboardEvent,
  memo,
  type MouseEvent,
  type ReactNode,
  useEffect,
  useEffectEvent,
  useId,
  useRef,
} from "react";
import type { Tone } from "./Badge";
import styles from "./Grid.module.css";
import { useRowWindow } from "./useRowWindow";

export interface Column<R> {
  key: string;
  header: ReactNode;
  /** A track of CSS grid: "minmax(12rem, 2fr)", "6rem". */
  width: string;
  /** Text, or as little else as can be: a grid of 10,000 rows lives from cells without elements in them. */
  cell: (row: R) => ReactNode;
  /** Puts a tone, an icon (see Grid.module.css) and a tooltip on the cell itself. */
  attributes?: (row: R) => CellAttributes;
  align?: "end";
  /** Its words always fit, so they are not clipped: clipping them all costs a scrolling grid a sixth of its time. */
  isShort?: boolean;
  /** Left out where the grid is narrow; "wide": already where it is not wide. */
  isExtra?: boolean | "wide";
  /** The header is a button that sorts. */
  sort?: { direction: "ascending" | "descending" | "none"; onSort: () => void };
}

export interface CellAttributes {
  "data-tone"?: Tone | undefined;
  "data-icon"?: CellIcon | undefined;
  title?: string | undefined;
}

/** Icons that a cell draws without elements. */
export type CellIcon = "wait" | "busy" | "good" | "bad" | "warn" | "none" | "stopped" | "pull" | "back" | "look";

interface GridProps<R> {
  label: string;
  rows: readonly R[];
  rowKey: (row: R) => string;
  /** Keep the array from one drawing to the next: rows that stay the same are not drawn again. */
  columns: readonly Column<R>[];
  /** Pixels; every row has the same. */
  rowHeight?: number;
  /** The row that the keyboard is on. */
  active?: string | undefined;
  onActive?: (key: string) => void;
  onOpen?: (row: R) => void;
  /** What Space does; without it, Space selects. */
  onPeek?: (row: R) => void;
  selection?: {
    has: (key: string) => boolean;
    onToggle: (key: string, isRange: boolean) => void;
    onAll: () => void;
    all: boolean | "some";
    rowLabel: (row: R) => string;
  };
  /** Called when the last rows come into view. */
  onEnd?: () => void;
  /** Stands in the place of rows where there are none. */
  empty?: ReactNode;
  rowTone?: (row: R) => string | undefined;
}

/** Pixels; the style sheet has the same. */
const headHeight = 34;

/**
 * A table that draws only the rows in view: 10,000 cost what 30 cost. The arrow
 * keys, Home, End and Page keys move through it, Enter opens, Space peeks or selects;
 * j, k and x are for the page to bind (moveActive).
 */
export function Grid<R>({
  label,
  rows,
  rowKey,
  columns,
  rowHeight = 40,
  active,
  onActive,
  onOpen,
  onPeek,
  selection,
  onEnd,
  empty,
  rowTone,
}: GridProps<R>) {
  const scroller = useRef<HTMLDivElement>(null);
  const id = useId();
  const { first, end, show } = useRowWindow(scroller, rows.length, rowHeight, headHeight);
  const shown = rows.slice(first, end);
  const at = active === undefined ? -1 : rows.findIndex((row) => rowKey(row) === active);

  const reachedEnd = useEffectEvent(() => onEnd?.());
  useEffect(() => {
    if (end > rows.length - 10 && rows.length > 0) reachedEnd();
  }, [end, rows.length]);

  const showActive = useEffectEvent(() => show(at));
  useEffect(() => {
    if (at >= 0) showActive();
  }, [at]);

  const move = (to: number) => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, to))];
    if (row !== undefined) onActive?.(rowKey(row));
  };
  const press = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, shown.length - 8);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const row = rows[at];
    if (event.key in moves) move(moves[event.key] ?? 0);
    else if (event.key === "Enter" && row !== undefined) onOpen?.(row);
    else if (event.key === " " && row !== undefined && onPeek) onPeek(row);
    else if (event.key === " " && row !== undefined && selection) selection.onToggle(rowKey(row), event.shiftKey);
    else return;
    event.preventDefault();
  };
  const click = (event: MouseEvent) => {
    const target = event.target as Element;
    const row = rows[Number(target.closest<HTMLElement>("[data-index]")?.dataset.index)];
    // A link that took the click leads away: marking its row would be one more navigation, and the last one wins.
    if (row === undefined || event.defaultPrevented) return;
    onActive?.(rowKey(row));
    if (target.closest("input")) selection?.onToggle(rowKey(row), event.shiftKey);
    else if (!target.closest("a, button")) onOpen?.(row);
  };
  const tracks = (shown: readonly Column<R>[]) =>
    [...(selection ? ["2.25rem"] : []), ...shown.map((c) => c.width)].join(" ");
  const isMounted = at >= first && at < end;
  return (
    <div
      ref={scroller}
      className={styles.grid}
      role="grid"
      aria-label={label}
      aria-rowcount={rows.length + 1}
      aria-colcount={columns.length + (selection ? 1 : 0)}
      aria-multiselectable={selection ? true : undefined}
      aria-activedescendant={isMounted ? `${id}-${String(at)}` : undefined}
      tabIndex={0}
      onKeyDown={press}
      style={
        {
          "--columns": tracks(columns),
          "--columns-medium": tracks(columns.filter((c) => c.isExtra !== "wide")),
          "--columns-narrow": tracks(columns.filter((c) => !c.isExtra)),
        } as React.CSSProperties
      }
    >
      <div className={styles.head} role="row" aria-rowindex={1}>
        {selection && (
          <span role="columnheader" className={styles.check}>
            <input
              type="checkbox"
              aria-label="Select all rows that match"
              tabIndex={-1}
              checked={selection.all === true}
              ref={(box) => {
                if (box) box.indeterminate = selection.all === "some";
              }}
              onChange={selection.onAll}
            />
          </span>
        )}
        {columns.map((column) => (
          <span
            key={column.key}
            role="columnheader"
            data-align={column.align}
            data-extra={extraOf(column)}
            aria-sort={column.sort?.direction}
          >
            {column.sort ? (
              <button type="button" className={styles.sort} onClick={column.sort.onSort}>
                {column.header}
              </button>
            ) : (
              column.header
            )}
          </span>
        ))}
      </div>
      {rows.length === 0 ? (
        <div role="row">
          <div role="gridcell">{empty}</div>
        </div>
      ) : (
        // The grid takes the keys for its rows.
        // eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-noninteractive-element-interactions
        <div role="rowgroup" className={styles.rows} style={{ blockSize: rows.length * rowHeight }} onClick={click}>
          {shown.map((row, i) => {
            const index = first + i;
            const key = rowKey(row);
            return (
              <MemoRow
                key={index % (end - first)}
                id={`${id}-${String(index)}`}
                index={index}
                start={index * rowHeight}
                height={rowHeight}
                row={row}
                columns={columns as readonly Column<unknown>[]}
                isActive={index === at}
                isSelected={selection?.has(key)}
                selectLabel={selection && `Select ${selection.rowLabel(row)}`}
                tone={rowTone?.(row)}
              />
            );
          })}
        </div>
      )}
    </div>
  );
}

function extraOf({ isExtra }: Column<never>): string | undefined {
  return isExtra ? (isExtra === "wide" ? "wide" : "") : undefined;
}

interface RowProps {
  id: string;
  index: number;
  start: number;
  height: number;
  row: unknown;
  columns: readonly Column<unknown>[];
  isActive: boolean;
  isSelected: boolean | undefined;
  selectLabel: string | undefined;
  tone: string | undefined;
}

/** One row. It has no handlers of its own: what is clicked is found by the grid. */
const MemoRow = memo(function Row({
  id,
  index,
  start,
  height,
  row,
  columns,
  isActive,
  isSelected,
  selectLabel,
  tone,
}: RowProps) {
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className={styles.row}
      data-index={index}
      data-active={isActive ? "" : undefined}
      data-tone={tone}
      style={{ blockSize: height, insetBlockStart: start }}
    >
      {selectLabel && (
        <span role="gridcell" className={styles.check}>
          <input type="checkbox" tabIndex={-1} aria-label={selectLabel} checked={isSelected} readOnly />
        </span>
      )}
      {columns.map((column) => (
        <span
          key={column.key}
          role="gridcell"
          data-align={column.align}
          data-short={column.isShort ? "" : undefined}
          data-extra={extraOf(column)}
          {...column.attributes?.(row)}
        >
          {column.cell(row)}
        </span>
      ))}
    </div>
  );
});

/** The key of the row that is `by` rows from the active one. */
export function moveActive<R>(
  rows: readonly R[],
  rowKey: (row: R) => string,
  active: string | undefined,
  by: number,
): string | undefined {
  const at = active === undefined ? -1 : rows.findIndex((row) => rowKey(row) === active);
  const row = rows[Math.max(0, Math.min(rows.length - 1, at + by))];
  return row === undefined ? undefined : rowKey(row);
}
