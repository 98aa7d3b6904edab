// A platform that opened its registration in a frame or a window closes it when it hears this (Dynamic Registration 1.0).
document.getElementById('lti-register')?.submit() // who has the link has decided; without scripts there is a button
if (document.getElementById('lti-close')) (window.opener || window.parent).postMessage({ subject: 'org.imsglobal.lti.close' }, '*')
