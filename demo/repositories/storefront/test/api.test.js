import assert from 'node:assert/strict'
import test from 'node:test'

import { product } from '../src/api.js'
import { addToCart, checkoutUrl } from '../src/cart.js'

function recorder() {
  const calls = []
  const send = async (url, init) => {
    calls.push({ url, ...init })
    return { ok: true, json: async () => ({}) }
  }
  return { calls, send }
}

test('a product is asked for with the token', async () => {
  const { calls, send } = recorder()
  await product('a/b', { token: 'secret', send })
  assert.equal(calls[0].url, 'https://api.internal.example/v1/products/a%2Fb')
  assert.equal(calls[0].headers['X-Auth-Token'], 'secret')
})

test('a product is put into the cart', async () => {
  const { calls, send } = recorder()
  await addToCart('c1', 'p1', { token: 'secret', send })
  assert.equal(calls[0].method, 'POST')
  assert.match(calls[0].url, /\/carts\/c1\/items$/)
})

test('the checkout has an address', () => {
  assert.match(checkoutUrl('c1'), /^https:\/\/api\.internal\.example\//)
})
