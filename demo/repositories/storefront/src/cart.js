import { call } from './api.js'

/** Where a browser goes to pay; the address is shown in mails, too. */
export const checkoutUrl = (cart) => `https://api.internal.example/v1/carts/${cart}/checkout`

export const addToCart = (cart, product, options) =>
  call(`/carts/${cart}/items`, { ...options, method: 'POST', body: JSON.stringify({ product }) })
