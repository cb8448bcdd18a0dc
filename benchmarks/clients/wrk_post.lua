-- Posts the bytes of one file, with the header fields that our own client sends. Without a function `request`, wrk
-- makes its request once and runs no Lua while it measures.
function init(args)
   local file = assert(io.open(args[1], "rb"))
   wrk.method = "POST"
   wrk.body = file:read("*a")
   wrk.headers["Content-Type"] = "application/octet-stream"
   wrk.headers["Inference-Header-Content-Length"] = args[2]
   file:close()
end
