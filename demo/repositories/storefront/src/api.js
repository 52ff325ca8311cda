const base = 'https://api.internal.example/v1'

/** Calls the internal API. `send` is fetch, or a test's own. */
export async function call(path, { token, send = fetch, ...init } = {}) {
  const response = await send(`${base}${path}`, {
    ...init,
    headers: { ...init.headers, 'X-Auth-Token': token },
  })
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return response.json()
}

export const product = (id, options) => call(`/products/${encodeURIComponent(id)}`, options)
