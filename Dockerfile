FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/Banking.Host -c Release -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
# A new volume that is mounted here belongs to the host's user.
RUN install -d -o app -g app -m 700 /keys
USER app
ENTRYPOINT ["dotnet", "Banking.Host.dll"]
