import { Link, Outlet, useRouter, useRouterState } from "@tanstack/react-router";
import {
  Boxes,
  CircleHelp,
  FolderGit2,
  Home,
  ListChecks,
  Menu,
  Moon,
  Plus,
  Search,
  Settings,
  Sun,
  SunMoon,
} from "lucide-react";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useApi } from "@/api/context";
import { Button, buttonClass } from "@/ui/Button";
import { keyLabel, useShortcuts } from "@/ui/keys";
import { preferences, usePreferences } from "@/ui/preferences";
import { ServerState } from "./ServerState";
import styles from "./Shell.module.css";

const CommandMenu = lazy(() => import("./CommandMenu"));
const SignIn = lazy(() => import("./SignIn"));
const ShortcutHelp = lazy(() => import("./ShortcutHelp"));

const places = [
  { to: "/", label: "Overview", icon: Home, keys: "g o" },
  { to: "/jobs", label: "Jobs", icon: ListChecks, keys: "g j" },
  { to: "/repositories", label: "Repositories", icon: FolderGit2, keys: "g r" },
  { to: "/settings", label: "Settings", icon: Settings, keys: "g s" },
] as const;

/** The frame around every screen: where one can go, how the server is, and the search. */
export function Shell() {
  const { session, config } = useApi();
  const router = useRouter();
  const isExpired = useSyncExternalStore(session.subscribe, session.isExpired);
  const [overlay, setOverlay] = useState<"menu" | "help" | null>(null);
  const [isRailOpen, setRailOpen] = useState(false);
  const main = useFocusOnNavigation();
  const go = (to: string) => void router.navigate({ to });
  useShortcuts(
    [
      ...places.map((place) => ({ keys: place.keys, does: place.label, group: "Go to", run: () => go(place.to) })),
      { keys: "c", does: "New job", group: "Go to", run: () => go("/jobs/new") },
      {
        keys: "mod+k",
        does: "Search and commands",
        group: "Everywhere",
        inFields: true,
        run: () => setOverlay("menu"),
      },
      { keys: "?", does: "This help", group: "Everywhere", run: () => setOverlay("help") },
    ],
    !isExpired,
  );
  return (
    <div className={styles.shell} data-rail={isRailOpen ? "open" : undefined}>
      <a href="#main" className={styles.skip}>
        Skip to the content
      </a>
      <header className={styles.bar}>
        <Button
          look="quiet"
          className={styles.menuButton}
          icon={<Menu />}
          aria-label="Menu"
          aria-expanded={isRailOpen}
          onClick={() => setRailOpen(!isRailOpen)}
        />
        <Link to="/" className={styles.brand}>
          <Boxes aria-hidden />
          Cody Batch
        </Link>
        <button
          type="button"
          className={styles.search}
          aria-keyshortcuts="Control+k Meta+k"
          onClick={() => setOverlay("menu")}
        >
          <Search aria-hidden />
          <span>Search jobs and commands</span>
          <kbd aria-hidden>{keyLabel("mod+k")}</kbd>
        </button>
        <div className={styles.tools}>
          <ServerState />
          <ThemeButton />
          <Button
            look="quiet"
            icon={<CircleHelp />}
            aria-label="Keyboard shortcuts"
            title="Keyboard shortcuts (?)"
            onClick={() => setOverlay("help")}
          />
        </div>
      </header>
      <nav className={styles.rail} aria-label="Main">
        <Link
          to="/jobs/new"
          search={{}}
          className={buttonClass(styles.create)}
          data-look="primary"
          onClick={() => setRailOpen(false)}
        >
          <Plus aria-hidden />
          New job
        </Link>
        <ul>
          {places.map(({ to, label, icon: Icon }) => (
            <li key={to}>
              <Link
                to={to}
                className={styles.place}
                activeOptions={{ exact: to === "/", includeSearch: false }}
                onClick={() => setRailOpen(false)}
              >
                <Icon aria-hidden />
                {label}
              </Link>
            </li>
          ))}
        </ul>
        <p className={styles.version}>{config.version && `Version ${config.version}`}</p>
      </nav>
      <main id="main" ref={main} tabIndex={-1} className={styles.main}>
        {config.rehearsal && (
          <p className={styles.rehearsal}>
            <strong>Rehearsal.</strong> A script answers in Claude’s place on this server; tools, tests, diffs and
            branches are real.
          </p>
        )}
        {isExpired ? (
          <Suspense>
            <SignIn />
          </Suspense>
        ) : (
          <Outlet />
        )}
      </main>
      <Suspense>
        {overlay === "menu" && <CommandMenu onClose={() => setOverlay(null)} />}
        {overlay === "help" && <ShortcutHelp onClose={() => setOverlay(null)} />}
      </Suspense>
    </div>
  );
}

/** Moves the focus to the content when the page changes, so that a screen reader reads on there. */
function useFocusOnNavigation() {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    if (path !== undefined) isFirst.current = false;
  }, [path]);
  return main;
}

const themes = {
  auto: { next: "light", icon: SunMoon },
  light: { next: "dark", icon: Sun },
  dark: { next: "auto", icon: Moon },
} as const;

function ThemeButton() {
  const { theme } = usePreferences();
  const { next, icon: Icon } = themes[theme];
  return (
    <Button
      look="quiet"
      icon={<Icon />}
      aria-label={`Theme: ${theme}. Change to ${next}`}
      title={`Theme: ${theme}`}
      onClick={() => preferences.set({ theme: next })}
    />
  );
}
