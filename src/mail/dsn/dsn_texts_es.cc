// What reports say in Spanish: see dsn_texts.h for what goes into the braces.
#include "mail/dsn/dsn_texts.h"

#include <array>

namespace posthaste::mail::detail {
namespace {

constexpr std::string_view kPhrases[] = {
    "No entregado",
    "Aún no entregado",
    "Entregado",
    "Reenviado",
    "{opening}: {message} a {to}",
    "su mensaje",
    "Su mensaje",
    "Su mensaje «{subject}»",
    "{count} destinatarios",
    "{message} no se entregó a {to}. Es definitivo: no se hará ningún otro intento.",
    "{message} aún no se ha entregado a {to}. No es definitivo: seguimos intentándolo{until}.",
    " durante {duration} más, hasta el {time}",
    "{message} se entregó a {to}. No hay nada más que hacer.",
    "{message} a {to} se pasó a {host}.",
    "el siguiente servidor",
    "Ese servidor no informa de las entregas, así que no podemos saber si el mensaje llegó al "
    "buzón. Si no llega, ese servidor se lo dirá.",
    " Lo intentamos {attempts} veces en {duration}.",
    " La conexión se cortó justo antes de la última respuesta, así que puede que el mensaje haya "
    "llegado de todos modos.",
    "Nada por ahora, y por favor no lo envíe otra vez. Si es urgente, contacte con el destinatario "
    "por otro medio.",
    "El mensaje no se pudo entregar al servidor de correo de {domain}.",
    "Envíe el mensaje otra vez más tarde. Si tampoco funciona, reenvíe este informe a su "
    "administrador.",
    "Por qué",
    "Qué significa",
    "Qué puede hacer",
    "Quién debe actuar",
    "usted",
    "el destinatario",
    "el administrador de {domain}",
    "su administrador ({admin})",
    "nadie, basta con esperar",
    "Y {count} más; el informe adjunto los nombra a todos.",
    "Detalles técnicos para su administrador ({admin})",
    "El servidor {host} había aceptado primero el mensaje y lo devolvió {duration} después.",
    "Un servidor había aceptado primero el mensaje; volvió {duration} después.",
    "Servidor remoto",
    "Último intento",
    "{time}, intento {attempts}",
    "Estado",
    "Su respuesta",
    "Nuestras palabras",
    "Nuestro servidor",
    "Nuestro número",
    "Aceptado",
    "Qué fue de su correo ({count} en un mensaje)",
    "Desde el {time} hubo muchos informes sobre su correo. Este único mensaje "
    "sustituye a {count} de ellos.",
    "no entregado; es definitivo",
    "aún no entregado; seguimos intentándolo",
    "entregado",
    "pasado al siguiente servidor, que no informa de las entregas",
    "Mensaje",
    "(sin asunto)",
    "Y {count} más, demasiados para esta lista. Su administrador los encuentra en el historial: "
    "posthaste trace.",
    "Mientras haya tantos informes, los recibe juntos, una vez por hora. Las preguntas, y el deseo "
    "de recibirlos de otro modo, van a su administrador ({admin}).",
};

static_assert(std::size(kPhrases) == static_cast<std::size_t>(Phrase::count_of_phrases));

constexpr CauseText kCauses[] = {
    {Cause::invalid_recipient, "{domain} dice que el buzón {address} no existe.",
     "Revise cómo está escrita la dirección, o pida al destinatario la actual. Después envíe el "
     "mensaje otra vez."},
    {Cause::inactive_mailbox, "{domain} dice que el buzón {address} ya no se usa.",
     "Contacte con el destinatario por otro medio y pídale su dirección actual."},
    {Cause::mailbox_full, "El buzón {address} está lleno.",
     "Contacte con el destinatario por otro medio, o envíe el mensaje otra vez cuando haya sitio "
     "en el buzón."},
    {Cause::bad_domain, "El dominio {domain} no existe.",
     "Revise lo que está detrás de la @: puede faltar una letra o estar mal. Después envíe el "
     "mensaje otra vez."},
    {Cause::null_mx, "El dominio {domain} anuncia que no acepta correo.",
     "Revise lo que está detrás de la @, o pida otra dirección al destinatario."},
    {Cause::dns_failure,
     "No se pudo encontrar el servidor de correo de {domain}: el directorio de nombres (DNS) no "
     "dio ninguna respuesta útil.",
     "Envíe el mensaje otra vez más tarde. Si tampoco funciona, avise al destinatario por otro "
     "medio."},
    {Cause::routing,
     "No hay camino al servidor de correo de {domain}: sus entradas en el directorio de nombres "
     "(DNS) no llevan a ninguna parte.",
     "Revise lo que está detrás de la @. Si está bien, avise al destinatario por otro medio."},
    {Cause::relaying_denied,
     "El servidor que debía aceptar el mensaje dice que no acepta correo para {domain}.",
     "Revise lo que está detrás de la @. Si está bien, reenvíe este informe a su administrador."},
    {Cause::no_answer, "El servidor de correo de {domain} no respondió.",
     "Envíe el mensaje otra vez más tarde, o contacte con el destinatario por otro medio."},
    {Cause::bad_connection,
     "La conexión con el servidor de correo de {domain} se cortó antes de que pasara el mensaje.",
     "Envíe el mensaje otra vez más tarde, o contacte con el destinatario por otro medio."},
    {Cause::too_large, "El mensaje es más grande de lo que permite {domain}.",
     "Envíelo otra vez con adjuntos más pequeños, o comparta los archivos grandes con un enlace."},
    {Cause::too_many_recipients,
     "{domain} acepta un mensaje solo para cierto número de destinatarios a la vez.",
     "Envíe el mensaje otra vez a menos personas a la vez."},
    {Cause::invalid_sender, "{domain} no acepta correo de la dirección {sender}.",
     "Reenvíe este informe a su administrador. El mensaje en sí está bien."},
    {Cause::sender_auth,
     "{domain} rechaza el correo de {sender_domain} porque las pruebas de su origen (SPF, DKIM, "
     "DMARC) faltan o son incorrectas.",
     "Reenvíe este informe a su administrador. El mensaje en sí está bien."},
    {Cause::smarthost_auth,
     "El servidor que pasa nuestro correo no acepta la contraseña con la que iniciamos sesión.",
     "Reenvíe este informe a su administrador, y envíe el mensaje otra vez cuando esté arreglado."},
    {Cause::policy,
     "{domain} rechaza el mensaje por una regla propia. Sus palabras exactas están en los detalles "
     "técnicos.",
     "Si nombran algo que usted puede cambiar, cámbielo y envíe el mensaje otra vez. Si no, "
     "contacte con el destinatario por otro medio."},
    {Cause::block_ip, "{domain} rechaza el correo de nuestro servidor. El mensaje en sí está bien.",
     "Reenvíe este informe a su administrador. Hasta que se arregle, contacte con el destinatario "
     "por otro medio."},
    {Cause::block_domain,
     "{domain} rechaza el correo de {sender_domain}: tiene ese dominio en una lista de remitentes "
     "de los que no se fía. El mensaje en sí está bien.",
     "Reenvíe este informe a su administrador. Hasta que se arregle, contacte con el destinatario "
     "por otro medio."},
    {Cause::spam_content, "{domain} toma el mensaje por correo no deseado (spam).",
     "Envíelo otra vez con menos enlaces, imágenes y adjuntos, o contacte con el destinatario por "
     "otro medio."},
    {Cause::attachment, "{domain} rechaza un adjunto del mensaje.",
     "Envíelo otra vez sin ese adjunto, o comparta el archivo con un enlace. Lo que más se rechaza "
     "son programas y archivos comprimidos."},
    {Cause::rate_limited, "{domain} solo acepta de nosotros cierto número de mensajes a la vez.",
     "Envíe el mensaje otra vez más tarde."},
    {Cause::greylisted,
     "{domain} hace esperar a los servidores que no conoce bien antes de aceptar su correo.",
     "Envíe el mensaje otra vez más tarde, o contacte con el destinatario por otro medio."},
    {Cause::protocol, "Nuestro servidor y el servidor de correo de {domain} no se entendieron.",
     "Reenvíe este informe a su administrador, o contacte con el destinatario por otro medio."},
    {Cause::tls,
     "No se pudo establecer una conexión segura con el servidor de correo de {domain}, y el "
     "mensaje no debe viajar sin ella.",
     "Reenvíe este informe a su administrador, o contacte con el destinatario por otro medio."},
    {Cause::no_8bit,
     "El mensaje contiene caracteres en una forma (8 bits) que el servidor de correo de {domain} "
     "no puede aceptar.",
     "Configure su programa de correo para que envíe el texto como «quoted-printable» o «base64», "
     "y envíe el mensaje otra vez."},
    {Cause::no_smtputf8,
     "Una dirección del mensaje tiene letras distintas de la a a la z, y el servidor de correo de "
     "{domain} no puede aceptar tales direcciones.",
     "Use direcciones solo con letras de la a a la z, la suya y la del destinatario, y envíe el "
     "mensaje otra vez."},
    {Cause::expired,
     "El servidor de correo de {domain} no aceptó el mensaje en el tiempo en que lo intentamos.",
     "Envíe el mensaje otra vez más tarde, o contacte con el destinatario por otro medio."},
    {Cause::loop, "El mensaje da vueltas entre servidores y no llega a ningún buzón.",
     "Reenvíe este informe a su administrador. Enviarlo otra vez no ayudaría."},
    {Cause::auto_reply,
     "{domain} contestó con una respuesta automática en vez de aceptar el mensaje.",
     "Lea sus palabras en los detalles técnicos. Si es urgente, contacte con el destinatario por "
     "otro medio."},
    {Cause::challenge,
     "{domain} quiere una prueba de que una persona escribió el mensaje antes de aceptarlo.",
     "Siga el enlace o el consejo de su respuesta en los detalles técnicos, y después envíe el "
     "mensaje otra vez."},
    {Cause::unsubscribe, "El destinatario {address} no quiere más mensajes como este.",
     "Quite la dirección de su lista. Un mensaje personal puede enviarse desde otro buzón."},
    {Cause::admin, "Un administrador retiró el mensaje de nuestra cola.",
     "Pregunte la razón a su administrador."},
    {Cause::suppressed,
     "La dirección {address} rechazó correo antes, o su dueño se quejó, así que no se le envió "
     "nada.",
     "Si la dirección es correcta, pida a su administrador que la quite de la lista de direcciones "
     "rechazadas."},
    {Cause::unknown,
     "{domain} rechaza el mensaje. Sus palabras exactas están en los detalles técnicos.",
     "Si nombran algo que usted puede cambiar, cámbielo y envíe el mensaje otra vez. Si no, "
     "reenvíe este informe a su administrador."},
};

}  // namespace

const Texts kSpanish{kPhrases, kCauses};

}  // namespace posthaste::mail::detail
