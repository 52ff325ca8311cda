const key = "codybatch.token"; // boot/boot.ts reads it, too

/**
 * The API token of whoever is signed in. It lives in the tab's storage, or in the
 * browser's if the person wants to stay signed in; nothing else keeps it.
 */
export class Session {
  readonly #listeners = new Set<() => void>();
  #isExpired = false;

  get token(): string {
    try {
      return sessionStorage.getItem(key) ?? localStorage.getItem(key) ?? "";
    } catch {
      return "";
    }
  }

  /** The server has refused the token, or there is none and it wants one. */
  readonly isExpired = (): boolean => this.#isExpired;

  signIn(token: string, stay: boolean): void {
    sessionStorage.removeItem(key);
    localStorage.removeItem(key);
    (stay ? localStorage : sessionStorage).setItem(key, token);
    this.#set(false);
  }

  signOut(): void {
    sessionStorage.removeItem(key);
    localStorage.removeItem(key);
    this.#set(true);
  }

  /** The server has answered 401. */
  expire(): void {
    this.#set(true);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(isExpired: boolean): void {
    this.#isExpired = isExpired;
    for (const listener of this.#listeners) listener();
  }
}
