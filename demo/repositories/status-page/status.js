// Moved to version 2 of the API in spring.
const response = await fetch('https://api.internal.example/v2/status', {
  headers: { Authorization: `Bearer ${document.cookie.split('token=')[1]}` },
})
for (const { name, up } of (await response.json()).services) {
  const item = document.createElement('li')
  item.textContent = `${name}: ${up ? 'up' : 'down'}`
  document.querySelector('#services').append(item)
}
