// npm's bittorrent-tracker on one IPv4 address and port, by HTTP and UDP.
//
// usage: serve.mjs ADDRESS PORT
//
// Its own command line takes no address for UDP. Statistics are off, as their handler lists all
// swarms at every HTTP request; the client half of the package, which needs compiled code, is not
// loaded.
import Server from 'bittorrent-tracker/server'

const [address, port] = process.argv.slice(2)
const server = new Server({ http: true, udp: true, ws: false, stats: false })

server.on('error', error => console.error(error.message))
server.listen(Number(port), { http: address, udp: address, udp6: '::1' })
